package steer

import (
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"
)

// TestTable runs in a network namespace of its own, where it can break nothing.
func TestTable(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may change a network namespace")
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("no network namespace of its own: ", err)
	}
	tables := func() (names []string) {
		t.Helper()
		c, err := nftables.New()
		if err != nil {
			t.Fatal(err)
		}
		all, err := c.ListTables()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			names = append(names, x.Name)
		}
		return names
	}
	from, to := netip.MustParseAddrPort("169.254.170.2:80"), netip.MustParseAddrPort("172.17.0.1:20001")
	open := func(name string) *Table {
		t.Helper()
		x, err := Open(name, from, to)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	one, other := open("steady-1"), open("steady-2")
	network := netip.MustParsePrefix("172.17.0.0/16")
	for range 2 { // the second time changes nothing
		if err := one.Shared(network); err != nil {
			t.Fatal(err)
		}
		if err := one.Own(netip.MustParsePrefix("172.20.0.0/16")); err != nil {
			t.Fatal(err)
		}
	}
	c, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := c.GetRules(&nftables.Table{Name: "steady-1", Family: nftables.TableFamilyIPv4}, &nftables.Chain{Name: shared})
	if err != nil || len(rules) != 1 || len(rules[0].Exprs) != 12 {
		t.Errorf("rules %v, %v", rules, err)
	}
	if err := Remove("steady-2"); err == nil {
		t.Error("the table of a server that runs was removed")
	}
	if got := tables(); len(got) != 2 {
		t.Fatalf("tables %v", got)
	}
	other.conn.Close() // as when its process is killed
	for end := time.Now().Add(time.Minute); len(tables()) != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the table of a process that is gone stays: %v", tables())
		}
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if got := tables(); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
	if err := Remove("steady-1"); err != nil {
		t.Errorf("remove what is not there: %v", err)
	}
}
