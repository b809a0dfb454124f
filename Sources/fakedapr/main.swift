import Commands

await runFakedapr()
