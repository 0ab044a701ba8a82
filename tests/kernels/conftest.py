import simulator

from fastw2v_kernels._jit_cuda import IS_SIMULATED

if IS_SIMULATED:
    simulator.install()
