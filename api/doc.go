// Package api is the service's face: OGC API - Features, tiles, analyses and
// errors over HTTP.
//
// It decodes a request, asks one question of the domain and encodes the
// answer; it holds no state of the district and knows no store.
//
// Invariant: an answer is made from one snapshot, taken once when the request
// arrives, so it never mixes two states; and it names that snapshot's
// version. Whatever a route accepts is declared in its table row: requests
// are decoded by the declaration, parameters it does not name are refused,
// and the API definition is written from it.
package api
