.PHONY: demo test setup lint docs bench
demo test setup lint docs bench:
	./dev $@
