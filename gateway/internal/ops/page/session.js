// Who looks from elsewhere signs in. Tokens stay in this page, and are gone with it.

let credentials = null;

const post = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// signIn takes the fields of the form. It returns why it was refused, or "".
export async function signIn(form) {
  const answer = await post("/api/v1/sessions:password", { email: form.get("email"), password: form.get("password"), client: "operations page" });
  const body = await answer.json();
  if (!answer.ok) return body.message;
  credentials = body;
  return "";
}

// authorization returns the headers of a request, with a token that is good for another moment.
export async function authorization() {
  if (credentials && Date.parse(credentials.expires_at) < Date.now() + 10000) {
    const answer = await post("/api/v1/sessions:refresh", { refresh_token: credentials.refresh_token });
    credentials = answer.ok ? await answer.json() : null;
  }
  return credentials ? { Authorization: `Bearer ${credentials.access_token}` } : {};
}
