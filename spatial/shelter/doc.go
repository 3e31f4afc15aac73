// Package shelter answers who has a place in an emergency shelter, who has
// none, and what would change that: capacity, reach, area per person,
// allocation, and the best sites. It knows nothing of stores, requests and the
// clock; rule sets ([Standard]) are data that it is handed.
//
// Costs are whole numbers, millimetres along a straight line or milliseconds
// on foot, and people are whole: sums do not depend on their order, and the
// same question has one answer. Equal costs are ordered by the number of the
// facility. No answer holds NaN; where there is nobody to divide by, a ratio
// says so.
//
// Invariant: people served and people left add up to the demand, no facility
// takes more than it holds, and nobody goes where they do not reach.
package shelter
