import { initTRPC, tracked } from "@trpc/server";
import type { z } from "zod";
import { asKeyfoldError } from "../error.ts";
import { type OpenAnswer, openAnswer } from "../flow/open-answer.ts";
import type { Services } from "../flow/services.ts";
import { invoke, parseInput, type Verb } from "../flow/verb.ts";
import { openStream } from "../stream/open.ts";
import { streamInput } from "../stream/schema.ts";
import { streamMessages } from "../stream/stream.ts";
import type { KeyfoldContext, KeyfoldMeta } from "./context.ts";
import { trpcError } from "./error-map.ts";

// No transformer and no error formatter of its own: a host app nests this router under its own.
export const t = initTRPC.context<KeyfoldContext>().meta<KeyfoldMeta>().create();

/** zod's types of what a procedure takes. */
interface Taken<I extends z.ZodType> {
  _input: z.input<I>;
  _output: z.output<I>;
  parse(raw: unknown): z.output<I>;
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
 * The verb parses what it is given and narrows its answer by itself: tRPC is told the types, and runs no middlewares for them,
 * each of which took as long as a tenth of a warm read. What zod refuses is said in our sentences, too: its own errors could
 * be formatted by a host in ways we do not see.
 */
function procedure<I extends z.ZodType, O extends z.ZodType>(verb: Verb<I, O>) {
  const bare = t.procedure.meta({ action: verb.action });
  const taking = bare as unknown as ReturnType<typeof bare.input<Taken<I>>>;
  return taking as unknown as ReturnType<typeof taking.output<Answered<O>>>;
}

async function run<I extends z.ZodType, O extends z.ZodType>(
  services: Services,
  verb: Verb<I, O>,
  options: { ctx: KeyfoldContext },
): Promise<never> {
  // What every resolver is called with, though only middlewares are told so.
  const { ctx, getRawInput } = options as typeof options & { getRawInput(): Promise<unknown> };
  // What cannot even be read is the host's error, by its own formatter.
  const input = await getRawInput();
  try {
    const answer = await invoke(services, verb, ctx.keyfold, input);
    return openAnswer(verb, answer) as never;
  } catch (error) {
    throw trpcError(asKeyfoldError(error));
  }
}

/** A tenant's messages as a tRPC subscription: over Server-Sent Events, or whatever the host speaks. */
export function subscription(services: Services) {
  return t.procedure
    .meta({ action: openStream.action })
    .input({ parse: (raw: unknown) => parseInput(streamInput, raw) } as Taken<typeof streamInput>)
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
