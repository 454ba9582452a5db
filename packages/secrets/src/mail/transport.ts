/** How mail leaves: this package knows nothing of SMTP. */
export interface MailTransport {
  /** Hands a mail to a server that takes it on. @throws where it was not taken on: it is tried again */
  send(mail: Letter): Promise<void>;
  /** The address of a one-time link, in front of whose secret stands a "#". */
  linkTo(secret: string): string;
}

export interface Letter {
  to: string;
  subject: string;
  /** Plain text, lines of at most 78 characters where they are ours. */
  text: string;
}
