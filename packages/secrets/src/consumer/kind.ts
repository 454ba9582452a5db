import { z } from "zod";

/** What kind of workload reads a secret. */
export const CONSUMER_KINDS = ["edge_function", "worker", "webhook", "service", "ci", "other"] as const;
export type ConsumerKind = (typeof CONSUMER_KINDS)[number];
export const consumerKind = z.enum(CONSUMER_KINDS);
