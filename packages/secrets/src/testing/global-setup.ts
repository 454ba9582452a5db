export { default } from "@keyfold/db/testing/global-setup";
