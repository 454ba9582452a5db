import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import { buildConnector } from "undici";
import { isPublicAddress } from "./address.ts";
import { type AllowRule, allowsHost } from "./allow.ts";
import type { Address, Resolvers } from "./resolve.ts";
import { TargetError } from "./target.ts";

export interface ConnectorOptions {
  rules: readonly AllowRule[];
  resolvers: Resolvers;
  /** In milliseconds, the name's resolution included. */
  connectTimeoutMs: number;
  /** PEM certificates to trust besides the runtime's own: for tests. */
  ca?: string | undefined;
}

const refused = () =>
  new TargetError("This address is not one of the public internet. The operator can allow it.");

/**
 * Opens connections to checked addresses only. The addresses that a name has at this moment are looked at, and the
 * socket goes to one of these: between the check and the connection there is no second look-up that could answer
 * otherwise. A name with one bad address is refused whole. What was connected to is looked at once more.
 */
export function checkedConnector(options: ConnectorOptions): buildConnector.connector {
  const { rules, resolvers, connectTimeoutMs, ca } = options;
  const connect = (scheme: "http:" | "https:") => {
    const lookup: LookupFunction = (host, { all }, callback) => {
      const name = host.toLowerCase().replace(/\.$/, "");
      const named = allowsHost(rules, name, scheme);
      const mayBe = ({ address }: Address) =>
        named || isPublicAddress(address) || allowsHost(rules, address, scheme);
      (named ? resolvers.named : resolvers.public)(name).then(
        (found) => {
          const [first] = found;
          if (first === undefined || !found.every(mayBe)) callback(refused(), "", 4);
          else if (all) callback(null, [...found]);
          else callback(null, first.address, first.family);
        },
        (error) => callback(error, "", 4),
      );
    };
    return buildConnector({
      timeout: connectTimeoutMs,
      allowH2: false,
      lookup,
      autoSelectFamily: true,
      ...(ca === undefined ? {} : { ca }),
    });
  };
  const connectors = { "http:": connect("http:"), "https:": connect("https:") };

  return (to, callback) => {
    const scheme = to.protocol === "http:" ? "http:" : "https:";
    const host = to.hostname.replace(/^\[|\]$/g, "");
    const named = allowsHost(rules, host.toLowerCase().replace(/\.$/, ""), scheme);
    // Node asks no look-up about an address, and so the look-up cannot check it.
    if (isIP(host) !== 0 && !named && (scheme === "http:" || !isPublicAddress(host))) {
      callback(refused(), null);
      return;
    }
    connectors[scheme](to, (error, socket) => {
      if (error !== null) return callback(error, null);
      const at = socket.remoteAddress ?? "";
      if (!named && !isPublicAddress(at) && !allowsHost(rules, at, scheme)) {
        socket.destroy();
        return callback(refused(), null);
      }
      callback(null, socket);
    });
  };
}
