print("fakedapr")
