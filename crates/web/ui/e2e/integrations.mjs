/**
 * An admin connects a network server, which posts well, twice, unreadably and with a wrong token; its card says so and what
 * mends it. He changes its token over, allows an address, and disables it. With the keyboard alone. Against a running service;
 * the environment is that of browser.mjs, and
 *
 *   ID  of the integration that is made
 */
import { expectFocus, inBrowser, logIn, picture, required } from "./browser.mjs";

const [baseUrl, id] = ["BASE_URL", "ID"].map(required);

const join = JSON.stringify({
  deviceInfo: { devEui: "00000000000000aa" },
  devAddr: "00112233",
  time: new Date().toISOString(),
});

await inBrowser(walk, `${id} was connected, changed over and disabled`, {
  // The walk writes what is refused.
  expected: /status of 422/,
});

/** Posts as a network server does; fails unless it is answered so. */
async function post(token, body, expected) {
  const answer = await fetch(`${baseUrl}/webhooks/${id}?event=join`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body,
  });
  if (answer.status !== expected) throw new Error(`answered with ${answer.status}: ${await answer.text()}`);
}

/** What an integration's change needs to come to the ingester. */
async function until(act) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return await act();
    } catch (thrown) {
      if (Date.now() > deadline) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function walk(page, doing) {
  await logIn(page, doing);
  doing("opening the integrations");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Trackers" }).click();
  await page.getByRole("link", { name: "Integrations" }).click();
  await page.getByRole("heading", { name: "Integrations", level: 1 }).waitFor();
  await page.getByText("No network server is connected yet.").waitFor();

  const token = await connect(page, doing);
  const card = page.getByRole("region", { name: `Integration ${id}` });
  await sending(page, doing, card, token);
  await changeOver(page, doing, card, token);
  await settle(page, doing, card);
}

async function connect(page, doing) {
  doing("connecting a network server");
  await page.getByRole("button", { name: "Add an integration" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText("Choose the network server.").waitFor();
  await expectFocus(page, "network");
  await page.getByLabel("Network server", { exact: true }).selectOption({ label: "ChirpStack" });
  await page.getByLabel("Id", { exact: true }).fill("No id");
  await page.keyboard.press("Enter");
  await page.getByText(/Write 1 to 63 lower-case letters/).waitFor();
  await expectFocus(page, "id");
  await picture(page, "integration-new");
  await page.getByLabel("Id", { exact: true }).fill(id);
  await page.keyboard.press("Enter");
  await page.getByText("Shown here once").waitFor();
  await picture(page, "integration-token");
  const token = await page.getByLabel("Token", { exact: true }).inputValue();
  const address = await page.getByLabel("Address", { exact: true }).inputValue();
  if (address !== `${new URL(baseUrl).origin}/webhooks/${id}`) throw new Error(`the address is ${address}`);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expectFocus(page, "Integrations");
  if (await page.getByText(token).count()) throw new Error("the token is shown again");
  return token;
}

async function sending(page, doing, card, token) {
  doing("seeing what came");
  await card.getByText("Nothing has come yet").waitFor();
  await until(() => post(token, join, 204));
  await post(token, join, 204);
  await post(token, "[]", 400);
  await post("another token", join, 401);
  await card.getByText("Alive; last webhook").waitFor();
  await card.getByText("1 webhook was refused: the token is wrong").waitFor();
  await card.getByText("Put the present token into the network server.").waitFor();
  await picture(page, "integrations");
}

async function changeOver(page, doing, card, token) {
  doing("changing the token over");
  await card.getByRole("button", { name: `Make a new token for ${id}` }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("The present token counts on").waitFor();
  await page.getByLabel(/^A token that the network server made/).fill("short");
  await page.keyboard.press("Enter");
  await page.getByText(/A token has 20 to 200 letters/).waitFor();
  await expectFocus(page, "token");
  await picture(page, "integration-change-token");
  await page.getByLabel(/^A token that the network server made/).fill("");
  await page.getByRole("button", { name: "Make a new token", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Shown here once").waitFor();
  const newer = await page.getByLabel("Token", { exact: true }).inputValue();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await card.getByText("The token before the present one counts, too").waitFor();
  await until(() => post(newer, join, 204));
  await post(token, join, 204);
  await card.getByRole("button", { name: `Retire the older token of ${id}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retire it" }).click();
  await card.getByRole("button", { name: `Make a new token for ${id}` }).waitFor();
  await until(() => post(token, join, 401));
}

async function settle(page, doing, card) {
  doing("allowing an address");
  await card.getByRole("button", { name: `Change ${id}` }).click();
  await page.getByLabel("Allowed addresses").fill("depot.example");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText(/`depot.example` is no range of addresses/).waitFor();
  await expectFocus(page, "allowed_addresses");
  await picture(page, "integration-change");
  await page.getByLabel("Allowed addresses").fill("127.0.0.1, 203.0.113.0/24");
  await page.getByRole("button", { name: "Save" }).click();
  await card.getByText("Allowed from: 127.0.0.1/32, 203.0.113.0/24").waitFor();
  doing("disabling it");
  await card.getByRole("button", { name: `Disable ${id}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable it" }).click();
  await card.getByText("Disabled: nothing of it is taken in").waitFor();
  await card.getByRole("button", { name: `Enable ${id}` }).waitFor();
}
