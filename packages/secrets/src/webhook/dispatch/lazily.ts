/**
 * In a statement's list: its transaction's commit does not wait for the disk. For what stands for itself where it is lost
 * in a crash: a lease that was taken, a message that was handed over, a word that it was delivered. Each is then done once
 * more, which is what "at least once" says. Never for an audit event, nor for anything that somebody was answered.
 */
export const LAZILY = "set_config('synchronous_commit', 'off', true)";
