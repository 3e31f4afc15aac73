package api

import "net/http"

func (s *Server) sheet(w http.ResponseWriter, r *request) error { return nil }
