import type { KeyfoldServer } from "@keyfold/secrets";
import { z } from "zod";
import { t } from "./trpc.ts";

/** Charges a card at the payment provider, with the customer's own key. */
export type Charge = (stripeKey: string, cents: number) => Promise<{ id: string }>;

/** The shop's own procedures: they read the customer's secret where they need it. */
export function createBilling(keyfold: KeyfoldServer, charge: Charge) {
  const callerOf = t.createCallerFactory(t.router({ keyfold: keyfold.router }));
  return t.router({
    charge: t.procedure.input(z.object({ cents: z.int().positive() })).mutation(async ({ ctx, input }) => {
      const { secrets } = callerOf(ctx).keyfold;
      const stripe = await secrets.reveal({ tenant: ctx.customer, name: "STRIPE_SECRET_KEY" });
      const { id } = await charge(stripe.value, input.cents);
      return { id, keyVersion: stripe.version, chargedAt: new Date() };
    }),
  });
}
