/** Asks for one; answered together with others. */
export type Together<In, Out> = (one: In) => Promise<Out>;

/**
 * Does what comes at about the same time together: while so many lots are under way, what comes waits and is the next lot.
 * One statement for many attempts, where a statement each would keep the database from who reads.
 * @param work answers one for each, in their order
 */
export function together<In, Out>(
  work: (lot: readonly In[]) => Promise<readonly Out[]>,
  { lots = 2, most = 32 } = {},
): Together<In, Out> {
  const waiting: { one: In; resolve: (out: Out) => void; reject: (error: unknown) => void }[] = [];
  let underWay = 0;
  const begin = async (): Promise<void> => {
    underWay++;
    // What the same turn of the event loop brings is in it too.
    await Promise.resolve();
    const lot = waiting.splice(0, most);
    try {
      const answers = await work(lot.map(({ one }) => one));
      lot.forEach(({ resolve }, i) => {
        resolve(answers[i]!);
      });
    } catch (error) {
      for (const { reject } of lot) reject(error);
    }
    underWay--;
    if (waiting.length > 0) void begin();
  };
  return (one) =>
    new Promise((resolve, reject) => {
      waiting.push({ one, resolve, reject });
      if (underWay < lots) void begin();
    });
}
