"""Fair order: start-time fair queueing on two levels, guilds and the members within each. Pure.

Goyal, Vin, Cheng, "Start-time Fair Queueing", SIGCOMM 1996. Every flow (a guild, a member in a guild) has a
start tag, in credits of work per weight. The flow with the least start tag is served next; serving `work`
credits moves its tag on by work / weight. The virtual clock of a level is the start tag served last. A flow
that had nothing to serve begins again at max(its tag, the clock): it saves nothing up while idle, and owes
nothing for using an idle machine.

Start tags, not finish tags: a newcomer starts at the clock, and whoever was served already stands behind it,
however dear the newcomer's job or cheap the others' are. So a burst of a thousand jobs delays somebody else's
first job by no more than the jobs that are running already.
"""

from dataclasses import dataclass, replace

from db.queue.job import Pace

RELAXED_EVERY = 20  # while a relaxed job waits, it gets at least each 20th claim of its kind's queue
MAX_PASSED = 3  # how often a flow lets one with a resident model go first
REACH = 4  # how many flows, from the front, are looked at for a resident model


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFlow:
    """One member's jobs of one kind and pace in one guild."""

    start: float  # virtual
    since: int  # arrival number, breaks ties
    weight: float
    ready: bool  # in the running for the next claim
    waiting: int  # jobs
    work: int  # credits of the waiting jobs
    passed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildFlow:
    """One guild's jobs of one kind and pace."""

    start: float  # virtual, among guilds
    since: int
    clock: float  # virtual time among its members
    weight: float
    ready: int  # member flows in the running
    waiting: int
    work: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLoad:
    """How much one member has in hand of one kind."""

    queued: int
    running: int
    max_running: int

    @property
    def free(self) -> bool:
        """Whether they may run one more."""
        return self.running < self.max_running


def served(guild: GuildFlow, member: MemberFlow, work: int) -> tuple[GuildFlow, MemberFlow]:
    """Return the flows after one job of `work` credits left their front to be run."""
    guild = replace(
        guild,
        start=guild.start + work / guild.weight,
        clock=max(guild.clock, member.start),
        waiting=guild.waiting - 1,
        work=guild.work - work,
    )
    member = replace(
        member,
        start=member.start + work / member.weight,
        waiting=member.waiting - 1,
        work=member.work - work,
        passed=0,
    )
    return guild, member


def unserved(guild: GuildFlow, member: MemberFlow, work: int) -> tuple[GuildFlow, MemberFlow]:
    """Return the flows after a claimed job came back: both are as if it had never left."""
    guild = replace(guild, start=guild.start - work / guild.weight, waiting=guild.waiting + 1, work=guild.work + work)
    member = replace(
        member, start=member.start - work / member.weight, waiting=member.waiting + 1, work=member.work + work
    )
    return guild, member


def resized(guild: GuildFlow, member: MemberFlow, jobs: int, work: int) -> tuple[GuildFlow, MemberFlow]:
    """Return the flows after `jobs` of `work` credits joined (or, negative, left) without being served.

    Args:
        guild: the guild's flow.
        member: the member's flow in it.
        jobs: how many more wait.
        work: how many more credits of work.
    """
    guild = replace(guild, waiting=guild.waiting + jobs, work=guild.work + work)
    member = replace(member, waiting=member.waiting + jobs, work=member.work + work)
    return guild, member


def refreshed(
    guild: GuildFlow, member: MemberFlow, load: MemberLoad, *, clock: float, seq: int, keep_place: bool = False
) -> tuple[GuildFlow, MemberFlow]:
    """Return the flows with `ready` brought up to date, after what waits or the load changed.

    A flow that becomes ready starts no earlier than its level's clock, unless it keeps the place that it had.

    Args:
        guild: the guild's flow.
        member: the member's flow in it.
        load: what the member has in hand of this kind.
        clock: the queue's virtual time for this pace.
        seq: the queue's newest number, the flow's rank among equal tags.
        keep_place: the flow gets back what it had, and stands where it stood.
    """
    ready = member.waiting > 0 and load.free
    if ready == member.ready:
        return guild, member
    if not ready:
        return replace(guild, ready=guild.ready - 1), replace(member, ready=False)
    if keep_place:
        return replace(guild, ready=guild.ready + 1), replace(member, ready=True)
    member = replace(member, ready=True, since=seq, start=max(member.start, guild.clock))
    if guild.ready == 0:
        guild = replace(guild, since=seq, start=max(guild.start, clock))
    return replace(guild, ready=guild.ready + 1), member


def next_pace(*, fast: bool, relaxed: bool, fast_run: int) -> Pace:
    """Return the pace to serve next, given which of them wait and how many fast ones went since a relaxed one."""
    if fast and not (relaxed and fast_run >= RELAXED_EVERY - 1):
        return Pace.FAST
    return Pace.RELAXED


def with_affinity(resident: list[bool], passed: list[int]) -> int:
    """Return which flow to serve, of the first few in fair order (index into both lists).

    resident: whether each flow's next job wants a model that is in memory; passed: how often each was
    overtaken. The first resident one goes, unless that would overtake somebody who was overtaken `MAX_PASSED`
    times already.
    """
    for index, is_resident in enumerate(resident):
        if is_resident:
            return index
        if passed[index] >= MAX_PASSED:
            break
    return 0


def jobs_before(flow: MemberFlow | GuildFlow, start: float, since: int) -> tuple[int, float]:
    """Return how many jobs, and credits, this other flow serves before one that starts at tag `start`.

    Taken as if the flow's waiting jobs were of equal work. `since` is the asker's rank among equal tags.
    """
    if flow.waiting == 0:
        return 0, 0.0
    each = flow.work / flow.waiting
    step = each / flow.weight
    ahead = max(0.0, (start - flow.start) / step)
    count = int(ahead) + (0 if ahead == int(ahead) else 1)  # tags strictly before
    if ahead == int(ahead) and flow.start + ahead * step == start and flow.since < since:
        count += 1  # a tie, and it came first
    count = min(count, flow.waiting)
    return count, count * each
