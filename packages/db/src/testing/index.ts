export { freePort } from "./free-port.ts";
export { createTestDatabase, type TestDatabase } from "./test-database.ts";
export { startTestServer, type TestServer, type TestServerAddress } from "./test-server.ts";
