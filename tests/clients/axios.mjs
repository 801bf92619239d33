// axios in Node: JSON and multipart. Prints each status.
import axios from "axios";

const [url, email] = process.argv.slice(2);
for (const post of [axios.post, axios.postForm]) {
  const response = await post(url, { email, message: "From Node" });
  console.log(response.status, response.data.ok);
}
