// @formspree/react, as help.formspree.io has it under "The Formspree React library".
import { useForm, ValidationError } from "@formspree/react";
import { createRoot } from "react-dom/client";

function MyForm() {
  const [state, handleSubmit] = useForm("formspree", { endpoint: "https://formspree.io" });
  if (state.succeeded) return <p id="status">Thank you for signing up!</p>;
  return (
    <form onSubmit={handleSubmit} noValidate>
      <label htmlFor="email">Email</label>
      <input id="email" type="email" name="email" />
      <ValidationError id="status" prefix="Email" field="email" errors={state.errors} />
      <textarea name="message" />
      <button type="submit" disabled={state.submitting}>Sign up</button>
    </form>
  );
}

createRoot(document.getElementById("root")).render(<MyForm />);
