from fastw2v_kernels._jit.cuda import IS_SIMULATED
from tests import simulator

if IS_SIMULATED:
    simulator.install()
