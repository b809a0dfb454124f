import Commands

runFakedapr()
