/** Preloaded into a child (node --import): its wall clock stands where the soak's virtual one does. */
const shiftMs = Number(process.env.SOAK_SHIFT_MS ?? 0)
const realNow = Date.now
Date.now = () => realNow() + shiftMs
