import { initTRPC, tracked } from "@trpc/server";
import type { z } from "zod";
import { asKeyfoldError } from "../error.ts";
import { type OpenAnswer, openAnswer } from "../flow/open-answer.ts";
import type { Services } from "../flow/services.ts";
import { parseInput, perform, type Verb } from "../flow/verb.ts";
import { openStream } from "../stream/open.ts";
import { streamInput } from "../stream/schema.ts";
import { streamMessages } from "../stream/stream.ts";
import type { KeyfoldContext, KeyfoldMeta } from "./context.ts";
import { trpcError } from "./error-map.ts";

// No transformer and no error formatter of its own: a host app nests this router under its own.
export const t = initTRPC.context<KeyfoldContext>().meta<KeyfoldMeta>().create();

/** zod's types, and our sentences when it refuses: zod's own errors could be formatted by a host in ways we do not see. */
interface Parser<I extends z.ZodType> {
  _input: z.input<I>;
  _output: z.output<I>;
  parse(raw: unknown): z.output<I>;
}

function parser<I extends z.ZodType>(schema: I): Parser<I> {
  return { parse: (raw: unknown) => parseInput(schema, raw) } as Parser<I>;
}

/** What a procedure answers: the verb's answer with its values opened. */
interface Answered<O extends z.ZodType> {
  _input: OpenAnswer<z.output<O>>;
  _output: OpenAnswer<z.output<O>>;
  parse(raw: unknown): OpenAnswer<z.output<O>>;
}

/** A verb as a tRPC query. */
export function query<I extends z.ZodType, O extends z.ZodType>(services: Services, verb: Verb<I, O>) {
  return procedure(verb).query((options) => run(services, verb, options));
}

/** A verb as a tRPC mutation. */
export function mutation<I extends z.ZodType, O extends z.ZodType>(services: Services, verb: Verb<I, O>) {
  return procedure(verb).mutation((options) => run(services, verb, options));
}

/**
 * The verb narrows its answer by itself (`perform`): tRPC is told the type, and runs no second middleware for it, which took
 * as long as a tenth of a warm read.
 */
function procedure<I extends z.ZodType, O extends z.ZodType>(verb: Verb<I, O>) {
  const bare = t.procedure.meta({ action: verb.action }).input(parser(verb.input));
  return bare as unknown as ReturnType<typeof bare.output<Answered<O>>>;
}

async function run<I extends z.ZodType, O extends z.ZodType>(
  services: Services,
  verb: Verb<I, O>,
  options: { ctx: KeyfoldContext; input: unknown },
): Promise<never> {
  try {
    const answer = await perform(services, verb, options.ctx.keyfold, options.input as z.output<I>);
    return openAnswer(verb, answer) as never;
  } catch (error) {
    throw trpcError(asKeyfoldError(error));
  }
}

/** A tenant's messages as a tRPC subscription: over Server-Sent Events, or whatever the host speaks. */
export function subscription(services: Services) {
  return t.procedure
    .meta({ action: openStream.action })
    .input(parser(streamInput))
    .subscription(async function* ({ ctx, input, signal }) {
      try {
        const own = signal ?? new AbortController().signal;
        for await (const { id, item } of streamMessages(services, ctx.keyfold, input, own))
          yield tracked(id, item);
      } catch (error) {
        throw trpcError(asKeyfoldError(error));
      }
    });
}
