import { expect, it } from "vitest";
import { type Command, pick, rank } from "./commands.ts";

const command = (label: string, group = "go"): Command => ({ id: label, group, label, run: () => {} });

it("what begins so comes before what holds it, and that before letters that follow one another", () => {
  const all = ["Webhooks", "Old webhook log", "payments/WEBHOOK_SECRET", "Where every book keeps"].map(
    (label) => command(label),
  );
  expect(pick(all, "webhook").map(({ label }) => label)).toEqual([
    "Webhooks",
    "Old webhook log",
    "payments/WEBHOOK_SECRET",
  ]);
  expect(rank("STRIPE_SECRET_KEY", "ssk")).toBe(3);
  expect(rank("STRIPE_SECRET_KEY", "xyz")).toBe(null);
});

it("groups keep their order, each has a bound, and nothing typed shows all", () => {
  const all = [...Array.from({ length: 20 }, (_, i) => command(`A${i}`, "go")), command("B", "do")];
  expect(pick(all, "", 5).map(({ label }) => label)).toEqual(["A0", "A1", "A2", "A3", "A4", "B"]);
});
