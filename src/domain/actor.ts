/** Who decides. The name is what a person claims (`--as`, PAYRUN_ACTOR); the OS user and host are kept beside it. */
export interface Actor {
  name: string;
  os_user: string;
  host: string;
}
