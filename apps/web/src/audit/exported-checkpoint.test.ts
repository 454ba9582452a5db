import { expect, test } from "vitest";
import { checkpointIn } from "./exported-checkpoint.ts";

test("an export's checkpoint is its second line, and other files have none", async () => {
  const line = '{"checkpoint":{"note":"n"}}';
  expect(await checkpointIn(new Blob([`{"export":{}}\n${line}\n{"action":"x"}\n`]))).toBe(line);
  for (const text of ["", "{}", '{"export":{}}\n', '{"export":{}}\n{"action":"x"}\n', `${line}\n`, "\0\n\0"])
    expect(await checkpointIn(new Blob([text]))).toBe(null);
});
