const NAME = "localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\]";
const HOST = new RegExp(`^(?:${NAME}|::1)$`, "i");
const HEADER = new RegExp(`^(?:${NAME})(?::\\d{1,5})?$`, "i");

/** Whether a host, as an address or a URL names it, is this machine itself. */
export const isLoopback = (host: string): boolean => HOST.test(host);

/** The same of a Host header, which may name a port. */
export const isLoopbackHeader = (host: string): boolean => HEADER.test(host);
