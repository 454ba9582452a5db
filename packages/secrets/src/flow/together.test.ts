import { expect, test } from "vitest";
import { Together } from "./together.ts";

/** Questions that wait until a test answers them. */
function asked() {
  const open: ((answer: string) => void)[] = [];
  const put = () => new Promise<string>((resolve) => open.push(resolve));
  return { open, put };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("who asks at once shares one question", async () => {
  const { open, put } = asked();
  const together = new Together<string>();
  const answers = [together.ask("k", put), together.ask("k", put), together.ask("other", put)];
  await turn();
  expect(open).toHaveLength(2);
  for (const answer of open) answer("yes");
  expect(await Promise.all(answers)).toEqual(["yes", "yes", "yes"]);
});

test("who comes while a question is on its way is given the answer to the next one, never to that one", async () => {
  const { open, put } = asked();
  const together = new Together<string>();
  const first = together.ask("k", put);
  await turn();
  const later = [together.ask("k", put), together.ask("k", put)];
  await turn();
  expect(open).toHaveLength(1);
  open[0]!("before they came");
  expect(await first).toBe("before they came");
  await turn();
  expect(open).toHaveLength(2);
  open[1]!("after they came");
  expect(await Promise.all(later)).toEqual(["after they came", "after they came"]);
});

test("a question that fails fails for those who asked it, and the next is put anew", async () => {
  const together = new Together<string>();
  const failing = () => Promise.reject(new Error("gone"));
  const answers = [together.ask("k", failing), together.ask("k", failing)];
  for (const one of await Promise.allSettled(answers)) expect(one.status).toBe("rejected");
  expect(await together.ask("k", async () => "back")).toBe("back");
});
