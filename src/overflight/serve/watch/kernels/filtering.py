"""A Kalman filter for each balloon, one after the other in one loop: numbers in, numbers out.

A balloon is a row of ``N_STATE`` float64. Its place is a unit vector and its horizontal velocity a vector that touches
the sphere there, so that poles and the antimeridian are ordinary places. Errors of place and noise are alike in every
direction, so that one 2 x 2 covariance (place, velocity) holds for both horizontal axes; another holds for the altitude
and vertical speed. Velocities are random walks: ``Q_FLOAT`` where the balloon floats, more where it passes through
sheared layers or bursts.

Reference: Bar-Shalom, Li and Kirubarajan (2001), Estimation with Applications to Tracking and Navigation, 6.2
(discretised continuous white noise acceleration), doi 10.1002/0471221279.
"""

import math

from overflight.geo.kernel import kernel

PX, PY, PZ, VX, VY, VZ = 0, 1, 2, 3, 4, 5
HXX, HXV, HVV = 6, 7, 8
ALT, RISE, AXX, AXV, AVV = 9, 10, 11, 12, 13
TIME = 14
SX, SY, SZ, SALT, STIME, SCOUNT = 15, 16, 17, 18, 19, 20
RING_TIME = 21
N_STATE = 22
"""Unit vector; velocity [m/s]; covariance of place and velocity of an axis [m2, m2/s, m2/s2]; altitude [m] (NaN where
none was told), rise [m/s] and their covariance; time [s since 1970]; place, altitude, time of the last doubted frame
and how many in a row; time of the last place in the ring."""

USED, REPEATED, LATE, DOUBTED, RESET, FIRST = 0, 1, 2, 3, 4, 5
"""What became of a frame."""

RADIUS_M = 6_371_008.8
Q_FLOAT, Q_SHEAR = 0.01, 0.009
"""Random walk of the horizontal velocity [m2/s3], and what each m/s of rise or fall adds: winds 1 km apart in height
differ by some 3 m/s, winds met in an hour of drift by some 6 m/s; judged."""
Q_RISE, Q_RISE_MORE = 0.02, 0.02
"""The same of the vertical speed, and what each m/s of it adds: a parachute falls through ever thicker air."""
GATE = 25.0
"""Squared distance from what is expected, in standard deviations, beyond which a frame is doubted: one sound frame in
270,000 is. Those that follow and agree with it make it true."""
DOUBTS = 3
FASTEST_MS = 150.0
FIRST_SPEED_SD_MS, FIRST_RISE_SD_MS = 25.0, 6.0
SAME_M = 1.0


@kernel
def _shift(s, dx, dy, dz):
    """Move a state along the sphere by metres that touch it, and carry its velocity without turning."""
    way = math.sqrt(dx * dx + dy * dy + dz * dz)
    if way == 0.0:
        return
    ux, uy, uz = dx / way, dy / way, dz / way
    arc = way / RADIUS_M
    sine, cosine = math.sin(arc), math.cos(arc)
    ahead = s[VX] * ux + s[VY] * uy + s[VZ] * uz
    for k in range(3):
        p, u = s[PX + k], (ux, uy, uz)[k]
        s[PX + k] = cosine * p + sine * u
        s[VX + k] += ahead * ((cosine - 1.0) * u - sine * p)
    norm = math.sqrt(s[PX] ** 2 + s[PY] ** 2 + s[PZ] ** 2)
    off = 0.0
    for k in range(3):
        s[PX + k] /= norm
        off += s[PX + k] * s[VX + k]
    for k in range(3):
        s[VX + k] -= off * s[PX + k]


@kernel
def _towards(px, py, pz, mx, my, mz):
    """Return the way from one place to another as metres that touch the sphere at the first."""
    cosine = px * mx + py * my + pz * mz
    tx, ty, tz = mx - cosine * px, my - cosine * py, mz - cosine * pz
    sine = math.sqrt(tx * tx + ty * ty + tz * tz)
    if sine < 1e-15:
        return 0.0, 0.0, 0.0
    scale = RADIUS_M * math.atan2(sine, cosine) / sine
    return scale * tx, scale * ty, scale * tz


@kernel
def predict(s, dt):
    """Bring a state forward by seconds."""
    speed = 0.0 if math.isnan(s[ALT]) else abs(s[RISE])
    q = Q_FLOAT + Q_SHEAR * speed
    s[HXX] += dt * (2.0 * s[HXV] + dt * s[HVV]) + q * dt * dt * dt / 3.0
    s[HXV] += dt * s[HVV] + q * dt * dt / 2.0
    s[HVV] += q * dt
    _shift(s, s[VX] * dt, s[VY] * dt, s[VZ] * dt)
    if not math.isnan(s[ALT]):
        r = Q_RISE + Q_RISE_MORE * speed
        s[ALT] += s[RISE] * dt
        s[AXX] += dt * (2.0 * s[AXV] + dt * s[AVV]) + r * dt * dt * dt / 3.0
        s[AXV] += dt * s[AVV] + r * dt * dt / 2.0
        s[AVV] += r * dt
    s[TIME] += dt


@kernel
def _begin_altitude(s, altitude, sd):
    s[ALT], s[RISE] = altitude, 0.0
    s[AXX], s[AXV], s[AVV] = sd * sd, 0.0, FIRST_RISE_SD_MS**2


@kernel
def begin(s, t, mx, my, mz, altitude, place_sd, altitude_sd):
    """Begin a state at its first frame."""
    s[:] = 0.0
    s[PX], s[PY], s[PZ] = mx, my, mz
    s[HXX], s[HVV] = place_sd * place_sd, FIRST_SPEED_SD_MS**2
    s[ALT] = math.nan
    if not math.isnan(altitude):
        _begin_altitude(s, altitude, altitude_sd)
    s[TIME], s[RING_TIME] = t, -math.inf
    _remember(s, t, mx, my, mz, altitude)


@kernel
def _place(s, dx, dy, dz, r):
    """Learn from a place that lies so far from what was expected; ``r`` is the variance of its error."""
    total = s[HXX] + r
    kx, kv = s[HXX] / total, s[HXV] / total
    s[VX] += kv * dx
    s[VY] += kv * dy
    s[VZ] += kv * dz
    s[HVV] -= kv * s[HXV]
    s[HXV] *= 1.0 - kx
    s[HXX] *= 1.0 - kx
    _shift(s, kx * dx, kx * dy, kx * dz)


@kernel
def _altitude(s, away, r):
    total = s[AXX] + r
    kx, kv = s[AXX] / total, s[AXV] / total
    s[ALT] += kx * away
    s[RISE] += kv * away
    s[AVV] -= kv * s[AXV]
    s[AXV] *= 1.0 - kx
    s[AXX] *= 1.0 - kx


@kernel
def _doubt(s, t, mx, my, mz, altitude, place_sd):
    """Count a doubted frame: one more where it agrees with the one before, else the first."""
    dt, agrees = t - s[STIME], False
    if s[SCOUNT] > 0.0 and dt > 0.0:
        x, y, z = _towards(s[SX], s[SY], s[SZ], mx, my, mz)
        reach = FASTEST_MS * dt + 5.0 * place_sd
        agrees = x * x + y * y + z * z <= reach * reach
        if not (math.isnan(altitude) or math.isnan(s[SALT])):
            agrees = agrees and abs(altitude - s[SALT]) <= reach
    s[SCOUNT] = s[SCOUNT] + 1.0 if agrees else 1.0


@kernel
def _restart(s, t, mx, my, mz, altitude, place_sd, altitude_sd, place_wrong, altitude_wrong):
    """Begin anew at frames that were doubted and agree with each other; speeds come from the last two."""
    dt = t - s[STIME]
    if place_wrong:
        x, y, z = _towards(mx, my, mz, s[SX], s[SY], s[SZ])
        s[PX], s[PY], s[PZ] = mx, my, mz
        s[VX], s[VY], s[VZ] = -x / dt, -y / dt, -z / dt
        r = place_sd * place_sd
        s[HXX], s[HXV], s[HVV] = r, r / dt, 2.0 * r / (dt * dt) + 25.0
    if altitude_wrong:
        if math.isnan(s[SALT]):
            _begin_altitude(s, altitude, altitude_sd)
        else:
            r = altitude_sd * altitude_sd
            s[ALT], s[RISE] = altitude, (altitude - s[SALT]) / dt
            s[AXX], s[AXV], s[AVV] = r, r / dt, 2.0 * r / (dt * dt) + 25.0


@kernel
def update(s, t, mx, my, mz, altitude, place_sd, altitude_sd):
    """Learn from one frame, and say what became of it."""
    if s[PX] == 0.0 and s[PY] == 0.0 and s[PZ] == 0.0:
        begin(s, t, mx, my, mz, altitude, place_sd, altitude_sd)
        return FIRST
    if t < s[TIME]:
        return LATE
    if t == s[STIME] and _is_last(s, mx, my, mz):
        return REPEATED
    old = s.copy()
    predict(s, t - s[TIME])
    x, y, z = _towards(s[PX], s[PY], s[PZ], mx, my, mz)
    away2 = x * x + y * y + z * z
    known = not math.isnan(altitude) and not math.isnan(s[ALT])
    high = altitude - s[ALT] if known else 0.0
    r, ra = place_sd * place_sd, altitude_sd * altitude_sd
    place_wrong = away2 > GATE * (s[HXX] + r)
    altitude_wrong = known and high * high > GATE * (s[AXX] + ra)
    code = USED
    if place_wrong or altitude_wrong:
        _doubt(old, t, mx, my, mz, altitude, place_sd)
        if old[SCOUNT] < DOUBTS:
            s[:] = old
            _remember(s, t, mx, my, mz, altitude)
            return DOUBTED
        for k in range(SX, SCOUNT + 1):
            s[k] = old[k]
        _restart(s, t, mx, my, mz, altitude, place_sd, altitude_sd, place_wrong, altitude_wrong)
        code = RESET
    if not place_wrong:
        _place(s, x, y, z, r)
    if known and not altitude_wrong:
        _altitude(s, high, ra)
    if math.isnan(s[ALT]) and not math.isnan(altitude):
        _begin_altitude(s, altitude, altitude_sd)
    _remember(s, t, mx, my, mz, altitude)
    s[SCOUNT] = 0.0
    return code


@kernel
def _is_last(s, mx, my, mz):
    """Whether a place is the one of the frame before."""
    x, y, z = _towards(s[SX], s[SY], s[SZ], mx, my, mz)
    return x * x + y * y + z * z < SAME_M * SAME_M


@kernel
def _remember(s, t, mx, my, mz, altitude):
    s[SX], s[SY], s[SZ], s[SALT], s[STIME] = mx, my, mz, altitude, t


@kernel
def update_all(states, slot, t, place, altitude, place_sd, altitude_sd, rings, every_s, codes):
    """Learn from frames (n,) in the order of time of each balloon.

    ``states`` (slots, N_STATE); ``place`` (n, 3) unit vectors; ``rings`` of (times, places and altitudes, counts):
    (slots, r), (slots, r, 4), (slots,), of which one in ``every_s`` is kept. ``codes`` (n,) takes what became of each.
    """
    ring_t, ring_p, ring_n = rings
    for i in range(slot.size):
        s = states[slot[i]]
        codes[i] = update(s, t[i], place[i, 0], place[i, 1], place[i, 2], altitude[i], place_sd[i], altitude_sd[i])
        kept = codes[i] == USED or codes[i] == FIRST or codes[i] == RESET
        if codes[i] == FIRST:
            ring_n[slot[i]] = 0
        if kept and t[i] - s[RING_TIME] >= every_s:
            at = ring_n[slot[i]] % ring_t.shape[1]
            ring_t[slot[i], at] = t[i]
            for k in range(3):
                ring_p[slot[i], at, k] = s[PX + k]
            ring_p[slot[i], at, 3] = s[ALT]
            ring_n[slot[i]] += 1
            s[RING_TIME] = t[i]
