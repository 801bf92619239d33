// @formspree/core in Node: the project's address, JSON and FormData. Prints what the client makes of each answer.
import { createClient } from "@formspree/core";

const [endpoint, email] = process.argv.slice(2);
const client = createClient({ project: "1234567890" });
const form = new FormData();
form.set("email", email);
for (const data of [{ email, message: "As JSON" }, form, { email: "nowhere" }]) {
  const result = await client.submitForm("formspree", data, { endpoint });
  const errors = result.kind === "error" ? result.getAllFieldErrors() : [];
  console.log(JSON.stringify({ kind: result.kind, next: result.next, errors }));
}
