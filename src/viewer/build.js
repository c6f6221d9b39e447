// Bundles the browser code of src/viewer into dist/viewer (each entry one self-contained script).
console.log("viewer: nothing to bundle yet");
