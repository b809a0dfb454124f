// BlocksTests
