/** The sentences of signing in by address and password, and of the pages that links open. */
export const s = {
  passwordLead: "With your e-mail address and password, or with a token.",
  email: "E-mail address",
  password: "Password",
  useToken: "Use a token instead",
  usePassword: "Use a password instead",
  emptyEmail: "Type your e-mail address.",
  emptyPassword: "Type your password.",
  wrongPassword: "The e-mail address or the password is wrong.",
  codeHeading: "One more proof",
  codeLead: "Type the code that your authenticator app shows, or one of your recovery codes.",
  code: "Code",
  codePlaceholder: "123 456",
  wrongCode: "This code was not accepted. A code works once, and only while the app shows it.",
  emptyCode: "Type a code first.",
  verify: "Go on",
  back: "Start over",
  forgot: "Forgot your password?",
  forgotSent:
    "If somebody of this address is here, a mail with a link is on its way. It is good for an hour.",

  choose: {
    title: "Choose a tenant",
    heading: "Where to?",
    none: "You belong to no tenant yet",
    noneText: (email: string) => `Ask somebody who runs one to invite ${email}.`,
    listLabel: "Your tenants",
    deployment: "Run this Keyfold",
    deploymentText: "As an operator: everything, and no values",
  },

  welcome: {
    title: "Welcome",
    looking: "Looking at your link…",
    ended: "This link is of no use any more",
    endedText: "It was used, or its time is over. Ask whoever gave it to you for another one.",
    operator: "Become an operator",
    operatorLead:
      "You will run this Keyfold: its tenants, keys, backups and audit. Operators manage everything and read no values.",
    member: "You are invited",
    memberLead: (tenant: string) =>
      `To ${tenant}. Choose a name and a password; you are then taken to your team's secrets.`,
    reset: "Choose a new password",
    resetLead: (email: string) => `For ${email}. All your sessions end, here and elsewhere.`,
    known: (email: string, tenant: string) =>
      `To ${tenant}, for ${email}, who is here already: sign in as them first.`,
    knownAccept: "Accept the invitation",
    name: "Your name",
    namePlaceholder: "Ada Lovelace",
    password: "Password",
    passwordHint: "Twelve characters at least. Four random words are good; a password manager's are better.",
    submit: "Go on",
    busy: "One moment…",
    toSignIn: "Go to the sign-in page",
    done: "Done. Sign in with your new password and your second factor.",
  },
};
