import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Source } from "../entry.ts";
import { awsExportSource } from "./aws.ts";
import { dopplerExportSource } from "./doppler.ts";
import { googleExportSource } from "./google.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-exports-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(source: (path: string) => Source, content: string) {
  const path = join(folder, "export.json");
  await writeFile(path, content);
  const found = [];
  try {
    for await (const { tenant, environment, name, value } of source(path).read())
      found.push([tenant, environment, name, value.unsafelyBytes().toString("latin1")]);
  } catch (error) {
    expect((error as Error).name).toBe("SourceError");
    return (error as Error).message.replaceAll(path, "FILE");
  }
  return found;
}
const VALUE = "sk_test_not_a_real_key";

// As aws-cli 1.45 writes it, which was asked against a server that answers as the API's documents say.
const AWS_LIST = `{
    "SecretList": [
        {
            "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tenants/acme/STRIPE_KEY-AbCdEf",
            "Name": "tenants/acme/STRIPE_KEY",
            "LastChangedDate": 1763800000.5,
            "SecretVersionsToStages": {
                "11111111-1111-4111-8111-111111111111": [
                    "AWSCURRENT"
                ]
            },
            "CreatedDate": 1763800000.1
        },
        {
            "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:elsewhere-AbCdEf",
            "Name": "elsewhere"
        }
    ]
}
`;
const AWS_ONE = `{
    "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tenants/acme/STRIPE_KEY-AbCdEf",
    "Name": "tenants/acme/STRIPE_KEY",
    "VersionId": "11111111-1111-4111-8111-111111111111",
    "SecretString": "sk_test_not_a_real_key",
    "VersionStages": [
        "AWSCURRENT"
    ],
    "CreatedDate": 1763800000.1
}
`;
const AWS_BYTES = `{
    "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tenants/globex/api/BYTES-AbCdEf",
    "Name": "tenants/globex/api/BYTES",
    "VersionId": "11111111-1111-4111-8111-111111111111",
    "SecretBinary": "AP8B",
    "VersionStages": [
        "AWSCURRENT"
    ],
    "CreatedDate": 1763800000.1
}
`;
const awsBatch = (name: string, more = "") => `{
    "SecretValues": [
        {
            "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf",
            "Name": "${name}",
            "VersionId": "11111111-1111-4111-8111-111111111111",
            "SecretString": "{\\"password\\":\\"} not ] real\\"}",
            "VersionStages": [
                "AWSCURRENT"
            ],
            "CreatedDate": 1763800000.1
        }
    ],${more}
    "Errors": []
}
`;
const aws = (path: string) => awsExportSource(path, { path: "/tenants/" });

test("what AWS's command line wrote, one answer after the other, is read as the API would be", async () => {
  expect(await read(aws, AWS_LIST + AWS_ONE + AWS_BYTES + awsBatch("tenants/acme/db"))).toEqual([
    ["acme", null, "STRIPE_KEY", VALUE],
    ["globex", null, "api/BYTES", "\0ÿ\u0001"],
    ["acme", null, "db", '{"password":"} not ] real"}'],
  ]);
  expect(await read((path) => awsExportSource(path, { tenantFolders: false }), AWS_ONE)).toEqual([
    [null, null, "tenants/acme/STRIPE_KEY", VALUE],
  ]);
});

test("an export of AWS that lacks what it lists, or ends before AWS did, is refused by name", async () => {
  expect(await read(aws, AWS_LIST + AWS_BYTES)).toBe(
    "FILE lists tenants/acme/STRIPE_KEY, and has no value of it: it could not be read. Export it, or leave it out of the list.",
  );
  const page = awsBatch("tenants/acme/db", '\n    "NextToken": "more",');
  expect(await read(aws, page)).toMatch(/^FILE ends with a NextToken: AWS had more to give\./);
  expect(await read(aws, page + awsBatch("tenants/acme/last"))).toHaveLength(2);
  const refused = `{"SecretValues": [], "Errors": [{"SecretId": "tenants/acme/K", "ErrorCode": "AccessDeniedException", "Message": "${VALUE}"}]}`;
  expect(await read(aws, refused)).toBe("FILE lacks the value of tenants/acme/K (AccessDeniedException).");
});

// As gcloud 528 writes it, asked in the same way: names sorted, bytes in the alphabet of addresses, padded.
const GOOGLE_LIST = `[
  {
    "createTime": "2026-01-02T03:04:05.678901Z",
    "etag": "\\"1\\"",
    "labels": {
      "tenant": "acme"
    },
    "name": "projects/123456789012/secrets/STRIPE_KEY",
    "replication": {
      "automatic": {}
    }
  },
  {
    "createTime": "2026-01-02T03:04:05.678901Z",
    "etag": "\\"2\\"",
    "name": "projects/123456789012/secrets/NOBODYS",
    "replication": {
      "automatic": {}
    }
  }
]
`;
const GOOGLE_ONE = `{
  "name": "projects/123456789012/secrets/STRIPE_KEY/versions/3",
  "payload": {
    "data": "-__-c2tfdGVzdF9ub3RfYV9yZWFsX2tleQ==",
    "dataCrc32c": "3342815095"
  }
}
`;
const GOOGLE_NOBODYS = GOOGLE_ONE.replace("STRIPE_KEY", "NOBODYS").replace(/"data": ".*"/, '"data": "eA=="');

test("what Google's command line wrote is read, a label the tenant, bytes as they were", async () => {
  const google = (path: string) => googleExportSource(path, "tenant");
  expect(await read(google, GOOGLE_LIST + GOOGLE_ONE + GOOGLE_NOBODYS)).toEqual([
    ["acme", null, "STRIPE_KEY", `\u00fb\u00ff\u00fe${VALUE}`],
  ]);
  expect(await read((path) => googleExportSource(path, null), GOOGLE_ONE + GOOGLE_NOBODYS)).toHaveLength(2);
  expect(await read(google, GOOGLE_LIST)).toMatch(/^FILE lists STRIPE_KEY, and has no value of it:/);
  expect(await read(google, GOOGLE_ONE)).toMatch(/^FILE says no labels, and so no tenants\./);
});

// As Doppler's documents have it.
const doppler = (config: string, more: object) =>
  `${JSON.stringify({ DOPPLER_CONFIG: config, DOPPLER_ENVIRONMENT: config, DOPPLER_PROJECT: "shop", ...more })}\n`;

test("what Doppler's command line wrote is read, each config the environment of its name", async () => {
  const both = doppler("dev", { STRIPE_KEY: VALUE, EMPTY: "" }) + doppler("prd", { STRIPE_KEY: "live" });
  expect(await read((path) => dopplerExportSource(path), both)).toEqual([
    [null, "dev", "STRIPE_KEY", VALUE],
    [null, "dev", "EMPTY", ""],
    [null, "prd", "STRIPE_KEY", "live"],
  ]);
  expect(await read((path) => dopplerExportSource(path, ["prd"]), both)).toHaveLength(1);
  expect(await read((path) => dopplerExportSource(path, ["prd", "qa"]), both)).toBe("FILE has no config qa.");
  const withNotes = JSON.stringify({
    KEY: { computed: VALUE, note: "" },
    HIDDEN: { computed: null, note: "" },
  });
  expect(await read((path) => dopplerExportSource(path), withNotes)).toBe("FILE has no value of HIDDEN.");
});

test("what is cut short, or is something else, is refused without a word of what it holds", async () => {
  const sources: ((path: string) => Source)[] = [
    aws,
    (path) => googleExportSource(path, null),
    (path) => dopplerExportSource(path),
  ];
  for (const source of sources) {
    expect(await read(source, AWS_ONE.slice(0, -4))).toBe("FILE is not JSON.");
    expect(await read(source, `<html>${VALUE}</html>`)).toBe("FILE is not JSON.");
    expect(await read(source, `"${VALUE}"`)).toMatch(/^FILE holds something else than answers of/);
  }
  for (const source of sources.slice(0, 2))
    expect(await read(source, JSON.stringify({ STRIPE_KEY: VALUE }))).toMatch(/^FILE holds something else/);
  expect(await read(aws, `${AWS_ONE}{"Name": "${VALUE}`)).toBe("FILE is not JSON from its document 2 on.");
});
