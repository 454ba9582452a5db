import type { Verb } from "@keyfold/secrets";
import type { z } from "zod";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One way in: a method and a path for a verb. The rules are the verb's. */
export interface Route {
  readonly method: Method;
  /** Below /api. `:name` is one segment, and an input of the verb by that name. */
  readonly path: string;
  readonly verb: Verb;
  /** The section of the API's documentation. */
  readonly tag: string;
  readonly operationId: string;
  /** What it does, where the verb's own summary does not say it. */
  readonly summary?: string;
  /** 200 when left out. */
  readonly status?: 200 | 201;
  /** Inputs of the verb that this way in does not take. */
  readonly omit?: readonly string[];
  /** Inputs that REST calls otherwise: the verb's name for each of REST's. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Whether `project` and `environment` are names and never ids, so that `project_id` and `environment_id` mean nothing. */
  readonly placesByName?: boolean;
  /** Another shape of the answer than the verb's own. */
  readonly answer?: { readonly schema: z.ZodType; of(output: never): unknown };
  /** Whether the body carries many values, and so may be large. */
  readonly bulk?: boolean;
}

/** The names of a path's parameters. */
export const parametersOf = (path: string): string[] =>
  [...path.matchAll(/:([a-z_]+)/g)].map((match) => match[1]!);
