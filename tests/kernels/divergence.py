"""Shuffles and votes in PTX that not all lanes of a warp reach.

The compiler may move one into both sides of a branch on the lane's number; the hardware then meets it with half a warp.
"""

import re

COLLECTIVE = ("shfl.sync", "vote.sync", "bar.warp.sync")
_REGISTER = re.compile(r"%(?:rd|fd|rs|r|f|p)\d+")
_NO_RESULT = ("st.", "bra", "red.", "bar.", "ret", "membar", "fence")


class Instruction:
    """One instruction: its operation, and the registers that it writes and reads."""

    def __init__(self, text):
        guard = re.match(r"@!?(%p\d+)\s+", text)
        text = text[guard.end() :] if guard else text
        self.text, self.operation = text, text.split()[0]
        registers = _REGISTER.findall(text)
        n_written = 0 if self.operation.startswith(_NO_RESULT) else len(_REGISTER.findall(text.split(",")[0]))
        self.writes = set(registers[:n_written])
        self.reads = set(registers[n_written:]) | ({guard[1]} if guard else set())
        self.guard = guard and guard[1]
        self.is_collective = self.operation.startswith(COLLECTIVE)
        self.is_lane = "%laneid" in text or "%tid.x" in text or self.operation.startswith("atom")

    def differs(self, by_lane):
        """Whether lanes that arrive together get different results, if the registers `by_lane` differ between lanes."""
        if self.operation.startswith("vote.sync"):
            return False
        if self.operation.startswith("shfl.sync.idx"):  # all get the value of the lane that is named
            return bool(set(_REGISTER.findall(self.text.split(",")[2])) & by_lane)
        return self.is_lane or bool(self.reads & by_lane)


def parse(ptx):
    """Instructions of the kernel, and of each the places of its successors; the last place is the end."""
    body = [line.strip() for line in ptx[ptx.index("\n{") + 2 :].splitlines()]
    found, labels = [], {}
    for line in body:
        if line.startswith("$"):
            labels[line.split(":")[0]] = len(found)
        elif line and not line.startswith((".", "//", "}", "{")):
            found.append(Instruction(line))
    successors = []
    for place, instruction in enumerate(found):
        after = [place + 1]
        if instruction.operation.startswith("bra"):
            after = [labels[re.search(r"\$\w+", instruction.text)[0]]] + after * (instruction.guard is not None)
        elif instruction.operation.startswith("ret"):
            after = [len(found)] + after * (instruction.guard is not None)
        successors.append(after)
    return found, successors


def post_dominators(successors):
    """For each place, the nearest one on all paths from it to the end (Cooper, Harvey, Kennedy 2001)."""
    end = len(successors)
    before = [[] for _ in range(end + 1)]
    for place, after in enumerate(successors):
        for other in after:
            before[other].append(place)
    order, seen, stack = {}, {end}, [(end, iter(before[end]))]
    while stack:
        place, rest = stack[-1]
        other = next((o for o in rest if o not in seen), None)
        if other is None:
            order[place] = len(order)
            stack.pop()
        else:
            seen.add(other)
            stack.append((other, iter(before[other])))
    nearest, changed = {end: end}, True
    while changed:
        changed = False
        for place in sorted(order, key=order.get, reverse=True)[1:]:
            known = [o for o in successors[place] if o in nearest]
            common = known[0]
            for other in known[1:]:
                while common != other:
                    if order[common] < order[other]:
                        common = nearest[common]
                    else:
                        other = nearest[other]
            if nearest.get(place) != common:
                nearest[place], changed = common, True
    return nearest


def region(place, successors, stop):
    """Places that can be reached from a branch before its paths meet again."""
    found, left = set(), list(successors[place])
    while left:
        other = left.pop()
        if other != stop and other not in found and other < len(successors):
            found.add(other)
            left += successors[other]
    return found


def divergent_collectives(ptx):
    """Collective instructions that only some lanes of a warp may reach, as text."""
    instructions, successors = parse(ptx)
    nearest = post_dominators(successors)
    by_lane = [set() for _ in range(len(instructions) + 1)]  # registers that differ between lanes, at each place
    split, left = set(), set(range(len(instructions)))
    while left:
        place = min(left)
        left.remove(place)
        instruction, before = instructions[place], by_lane[place]
        differs = place in split or instruction.differs(before)
        after = (before | instruction.writes) if differs else (before - instruction.writes)
        if instruction.operation.startswith("bra") and instruction.guard in before:
            new = region(place, successors, nearest.get(place)) - split
            split, left = split | new, left | new
        for other in successors[place]:
            if not after <= by_lane[other]:
                by_lane[other] |= after
                left |= {other} if other < len(instructions) else set()
    return [instructions[place].text for place in sorted(split) if instructions[place].is_collective]
