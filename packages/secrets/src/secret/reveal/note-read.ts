import type { Call } from "../../flow/call.ts";

/** Notes that a consumer read a version, after its event is durable. */
export function noteRead({ services, actor, request }: Call, secretId: string, version: number): void {
  if (actor.type === "service_token") services.reads?.record(actor, secretId, version, request.instance);
}
