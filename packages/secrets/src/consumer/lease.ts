/** How long an instance counts as alive after a read of its own, in seconds. */
export const READ_LEASE_SECONDS = 3_600;
/**
 * The same for reads that name no instance, 30 days in seconds: such a workload may have read once, when it started, and
 * still be running.
 */
export const ANONYMOUS_LEASE_SECONDS = 30 * 86_400;
/** How long an acknowledgement counts where it does not say, and at most; in seconds. */
export const ACK_LEASE_SECONDS = 3_600;
export const MOST_ACK_LEASE_SECONDS = 86_400;
/** How many instances of one consumer of one secret are told apart. */
export const MOST_INSTANCES = 10_000;
