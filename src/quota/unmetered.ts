import type { QuotaMeter } from '#ports/quota.ts'

/** The meter of an installation without request quotas: every request is within its rate. */
export const unmetered: QuotaMeter = { take: () => true }
