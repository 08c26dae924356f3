// Node: `fetch` and the module `https`, as they are by default.
import https from "node:https";

const [how, host] = process.argv.slice(2);
const url = `https://${host}/`;
if (how === "fetch") {
    const answer = await fetch(url);
    await answer.text();
    process.exitCode = answer.status === 200 ? 0 : 1;
} else {
    https.get(url, (answer) => {
        answer.resume();
        process.exitCode = answer.statusCode === 200 ? 0 : 1;
    });
}
