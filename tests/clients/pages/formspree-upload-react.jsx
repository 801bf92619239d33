// @formspree/react with a file input: its handler sends the form's own FormData.
import { useForm, ValidationError } from "@formspree/react";
import { createRoot } from "react-dom/client";

function MyForm() {
  const [state, handleSubmit] = useForm("formspree-files", { endpoint: "https://formspree.io" });
  if (state.succeeded) return <p id="status">Thank you for signing up!</p>;
  return (
    <form onSubmit={handleSubmit} noValidate>
      <label htmlFor="email">Email</label>
      <input id="email" type="email" name="email" />
      <label>Files <input type="file" name="attachment" multiple /></label>
      <ValidationError id="status" field="attachment" errors={state.errors} />
      <textarea name="message" />
      <button type="submit" disabled={state.submitting}>Sign up</button>
    </form>
  );
}

createRoot(document.getElementById("root")).render(<MyForm />);
