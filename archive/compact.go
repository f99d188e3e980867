package archive

func (a *Archive) compact() error { return nil }
