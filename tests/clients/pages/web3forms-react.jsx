// @web3forms/react, as its README has it.
import useWeb3Forms from "@web3forms/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

function Contact() {
  const [result, setResult] = useState("");
  const { submit } = useWeb3Forms({
    access_key: "YOUR_ACCESS_KEY_HERE",
    settings: { from_name: "The site", subject: "New message" },
    onSuccess: (message) => setResult(`Success: ${message}`),
    onError: (message) => setResult(`Error: ${message}`),
  });
  const send = (event) => {
    event.preventDefault();
    submit(Object.fromEntries(new FormData(event.target)));
  };
  return (
    <form onSubmit={send} noValidate>
      <input name="name" /> <input name="email" /> <textarea name="message" />
      <button>Send</button> <p id="status">{result}</p>
    </form>
  );
}

createRoot(document.getElementById("root")).render(<Contact />);
