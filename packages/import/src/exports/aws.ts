import { SecretValue } from "@keyfold/envelope/secret-value";
import { z } from "zod";
import { type Source, SourceError } from "../entry.ts";
import { fileSource, textOf } from "../files/file-source.ts";
import { type AwsPlace, entryOf, refusedOf } from "../sources/aws-names.ts";
import { documentsOf } from "./documents.ts";

const one = z.object({
  Name: z.string(),
  SecretString: z.string().optional(),
  /** Base64, as the command line writes it. */
  SecretBinary: z.base64().optional(),
});
const many = z.object({
  SecretValues: z.array(one),
  Errors: z
    .array(z.object({ SecretId: z.string().optional(), ErrorCode: z.string().optional() }))
    .default([]),
  NextToken: z.string().nullish(),
});

const list = z.object({ SecretList: z.array(z.object({ Name: z.string() })) });

/**
 * What AWS's command line wrote: answers of `aws secretsmanager get-secret-value` or `batch-get-secret-value`, one after the
 * other (https://docs.aws.amazon.com/cli/latest/reference/secretsmanager/get-secret-value.html), and where it is there, the one of
 * `list-secrets`: then what it names and has no value is told.
 */
export const awsExportSource = (path: string, place: AwsPlace): Source =>
  fileSource("AWS Secrets Manager's export", path, function* (bytes) {
    const lacking = new Set<string>();
    let unfinished = false;
    for (const document of documentsOf(textOf(bytes, path), path)) {
      const listed = list.safeParse(document);
      if (listed.success) {
        for (const { Name } of listed.data.SecretList)
          if (entryOf(Name, SecretValue.ofText(""), place) !== null) lacking.add(Name);
        continue;
      }
      const values = valuesIn(document, path);
      unfinished = values.unfinished;
      for (const { Name, SecretString, SecretBinary } of values.secrets) {
        lacking.delete(Name);
        const value =
          SecretString === undefined
            ? SecretValue.takeOverGiven(Buffer.from(SecretBinary ?? "", "base64"))
            : SecretValue.ofText(SecretString);
        const entry = entryOf(Name, value, place);
        if (entry !== null) yield entry;
      }
    }
    const [first] = lacking;
    if (first !== undefined)
      throw new SourceError(
        `${path} lists ${first}, and has no value of it: it could not be read. Export it, or leave it out of the list.`,
      );
    if (unfinished)
      throw new SourceError(
        `${path} ends with a NextToken: AWS had more to give. Export the rest of it, too, behind what is there.`,
      );
  });

function valuesIn(document: unknown, path: string) {
  const batch = many.safeParse(document);
  if (batch.success) {
    const { SecretValues, Errors, NextToken } = batch.data;
    const refused = refusedOf(Errors);
    if (refused !== null) throw new SourceError(`${path} lacks the value of ${refused}.`);
    return { secrets: SecretValues, unfinished: NextToken != null };
  }
  const single = one.safeParse(document);
  if (single.success) return { secrets: [single.data], unfinished: false };
  throw new SourceError(
    `${path} holds something else than answers of aws secretsmanager get-secret-value, batch-get-secret-value or list-secrets.`,
  );
}
