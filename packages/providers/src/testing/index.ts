export { MOTO_VERSION, type Moto, startMoto } from "./moto.ts";
