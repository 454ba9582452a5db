/** The sentences of the command palette, the help sheet, the first steps and the idle lock. */
export const p = {
  title: "Go to or do",
  placeholder: "Type a command, a key or a place",
  places: "Where do you want to go?",
  results: "Results",
  none: (text: string) => `Nothing for “${text}”`,
  groups: { go: "Go to", do: "Do", places: "Environments", tenants: "Tenants", keys: "Keys" },
  newSecret: (place: string) => `New secret in ${place}`,
  newToken: "New token",
  rotateToken: "Rotate a token",
  breakGlass: "Break glass",
  newProject: "New project",
  newEnvironment: (project: string) => `New environment in ${project}`,
  theme: (name: string) => `Appearance: ${name}`,
  help: "Keyboard shortcuts",
  signOut: "Sign out",
  footer: "to choose",
  open: "to open",
  close: "to close",

  shortcuts: {
    title: "Keyboard shortcuts",
    everywhere: "Everywhere",
    list: {
      palette: "Command palette",
      search: "Search this page",
      help: "This sheet",
      escape: "Close what is open",
    },
    going: "Going somewhere",
  },

  first: {
    title: "Three steps to the first read",
    keep: "Keep a key",
    keepText: "Make a secret above. Its value is encrypted before it is stored, and hidden here by default.",
    token: "Make a token for your code",
    tokenText: "One that may only read, and only in this environment.",
    tokenLink: "To the tokens",
    read: "Read it where it is used",
    readText: "Typed, cached and audited. The application never holds more than it asked for.",
    snippet: (
      url: string,
      tenant: string,
      environment: string,
    ) => `import { createKeyfold } from "@keyfold/client";

const keyfold = createKeyfold({
  url: "${url}",
  token: process.env.KEYFOLD_TOKEN,
  environment: "${environment}",
});
const key = await keyfold.tenant("${tenant}").get("STRIPE_SECRET_KEY");`,
  },

  idle: {
    title: "Are you still there?",
    text: (seconds: number) =>
      `Nothing was touched for a while. You are signed out in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`,
    stay: "Stay signed in",
  },
} as const;
