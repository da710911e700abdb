/** Milliseconds of a day: waiting periods, rotation periods and retention are told in days. */
export const dayMs = 86_400_000
