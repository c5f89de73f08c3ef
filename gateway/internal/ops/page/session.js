// Signs in viewers from other machines. Tokens are kept in memory only, so they are lost when the page is closed.

let credentials = null;

const post = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// signIn signs in with the form's fields. It returns the error's message, or "".
export async function signIn(form) {
  const answer = await post("/api/v1/sessions:password", { email: form.get("email"), password: form.get("password"), client: "operations page" });
  const body = await answer.json();
  if (!answer.ok) return body.message;
  credentials = body;
  return "";
}

// authorization returns the request headers with an access token, which it refreshes if it is about to expire.
export async function authorization() {
  if (credentials && Date.parse(credentials.expires_at) < Date.now() + 10000) {
    const answer = await post("/api/v1/sessions:refresh", { refresh_token: credentials.refresh_token });
    credentials = answer.ok ? await answer.json() : null;
  }
  return credentials ? { Authorization: `Bearer ${credentials.access_token}` } : {};
}
