// JupyterLite needs a server: from a folder, its links lead to the page that says so.
if (location.protocol === "file:") {
  for (const link of document.querySelectorAll("a.served")) link.href = link.dataset.fromFile;
}
