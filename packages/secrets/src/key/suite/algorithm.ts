import { HYBRID_WRAP_SUITE, WRAP_SUITE, type WrapSuite } from "@keyfold/envelope";
import { z } from "zod";

/** How the tenant key over a secret's values is wrapped, by the names that people use. */
export const ALGORITHMS = ["aes-256-gcm", "hybrid-quantum"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
export const algorithm = z.enum(ALGORITHMS);

/** The wrap suite that an algorithm stands for. */
export const suiteOf = (algorithm: Algorithm): WrapSuite =>
  algorithm === "hybrid-quantum" ? HYBRID_WRAP_SUITE : WRAP_SUITE;

/** The algorithm that a wrap suite stands for. */
export const algorithmOf = (suite: number): Algorithm =>
  suite === HYBRID_WRAP_SUITE ? "hybrid-quantum" : "aes-256-gcm";
