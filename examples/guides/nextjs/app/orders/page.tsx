import { fetchAsUser } from "../../lib/tokens";

export default async function Orders() {
  const { status } = await fetchAsUser("/orders");
  return (
    <form action="/logout" method="post">
      <p>{`The API answered ${status}.`}</p>
      <button>Log out</button>
    </form>
  );
}
