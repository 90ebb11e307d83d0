package pictify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

const (
	pageSize = 100
	maxPages = 200
)

// List iterates over all subscriptions of the account, fetching pages as needed.
//
// An item that cannot be understood is yielded as an error and the rest follows;
// a page that cannot be fetched or read is yielded as an error and ends it. Do not
// create or delete meanwhile: that shifts the pages.
func (c *Client) List(ctx context.Context) iter.Seq2[Subscription, error] {
	return func(yield func(Subscription, error) bool) {
		seen := make(map[string]bool)
		for page := 1; ; page++ {
			p, err := c.page(ctx, page)
			if err != nil {
				yield(Subscription{}, err)
				return
			}
			fresh := false
			for _, item := range p.items {
				s, err := decodeSubscription(item)
				switch {
				case err != nil:
					err = p.bad(err)
				case seen[s.UID]:
					continue
				default:
					seen[s.UID], fresh = true, true
				}
				if !yield(s, err) {
					return
				}
			}
			if !p.more(page, fresh) {
				return
			}
			if page == maxPages || !fresh {
				yield(Subscription{}, p.bad(fmt.Errorf("page %d is not the last and leads nowhere", page)))
				return
			}
		}
	}
}

// A listPage is one page of a list.
type listPage struct {
	answer
	items      []json.RawMessage
	pagination *struct {
		TotalPages float64
		HasNext    bool
	}
}

func (c *Client) page(ctx context.Context, page int) (listPage, error) {
	query := url.Values{"page": {strconv.Itoa(page)}, "limit": {strconv.Itoa(pageSize)}}
	a, err := c.do(ctx, call{method: http.MethodGet, path: subscriptionsPath, query: query})
	if err != nil {
		return listPage{}, err
	}
	object, err := a.object()
	if err != nil {
		return listPage{}, err
	}
	p := listPage{answer: a}
	err = decodeExact(object, map[string]any{"subscriptions": &p.items, "pagination": &p.pagination})
	if err == nil && p.items == nil {
		err = errors.New("no subscriptions in it")
	}
	if err != nil {
		return listPage{}, a.bad(err)
	}
	return p, nil
}

// more reports whether another page should be asked for. Without pagination
// (api-reference shows none) nobody says, so it goes on until a page has nothing
// new.
func (p listPage) more(page int, fresh bool) bool {
	if p.pagination == nil {
		return fresh
	}
	return p.pagination.HasNext || float64(page) < p.pagination.TotalPages
}
